"""Parts of pages, lists in pages, links and redirects, security headers, and failure pages."""
