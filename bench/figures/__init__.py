"""Quality figures on real data: how often the product is right about things that nobody here made up."""
