"""The text of a procedure: its sentences, its mentions, and the handover targets that follow from them."""
