"""Tables read from CSV files, workbooks and pasted text, and how large one may be."""
