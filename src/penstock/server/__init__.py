"""The HTTP API of a project, and the page that is made of it: what `penstock ui` serves. Unpickles nothing."""
