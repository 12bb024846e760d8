"""What a customer wants: interests that decay, and when they changed, in the light of customers like this one."""
