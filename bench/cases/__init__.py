"""One file for each case; `bench.__main__.CASES` names them."""
