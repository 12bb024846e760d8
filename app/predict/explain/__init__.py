"""Why a number is what it is, what would change it, and how it would go on."""
