"""Which firm lets which bank read what, for which purposes, until when."""
