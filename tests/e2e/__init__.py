"""The stories of the product, in a real browser, against all of its processes."""
