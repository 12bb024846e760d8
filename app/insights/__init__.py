"""What we tell about one customer, checked sentence by sentence."""
