"""What every email is made of: one template in two forms, text and HTML, in the look of the pages."""
