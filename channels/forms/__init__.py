"""Forms: public pages on which customers write, and on which they see how far their case is."""
