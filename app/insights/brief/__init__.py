"""What an agent should know who is about to talk to a customer: nothing of what the customer is worth."""
