"""The benchmark behind `make bench`, and the quality figures behind `make figures`."""
