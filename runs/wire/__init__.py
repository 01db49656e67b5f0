"""What providers answer, read leniently before their libraries read it strictly."""
