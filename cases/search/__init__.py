"""Finding cases: the search for words, the filters of lists, and the export of what they find."""
