"""Reports and documents of the customer-success suite, from the published marts or from a file."""
