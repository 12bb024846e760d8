"""What a shop can say of future spend without this product: the forecasts that its estimators must beat."""
