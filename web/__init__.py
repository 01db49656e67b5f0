"""What every page and answer is made of: parts, lists, forms, formats, headers, failure pages. No models."""
