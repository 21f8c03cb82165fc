"""Ways to be paid, one package a provider."""
