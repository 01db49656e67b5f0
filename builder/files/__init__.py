"""Agents as Markdown files: export, import, and the preview of an import."""
