"""What customers will spend: several forecasts, their blend, their interval and their season."""
