"""Who a customer is at a moment: a pure fold of their events."""
