"""Early signs of leaving, each against the customer's own past."""
