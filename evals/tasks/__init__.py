"""One file per task; each task runs the product itself and scores what it answers."""
