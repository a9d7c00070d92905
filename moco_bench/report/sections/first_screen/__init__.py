"""The first screen: effect of each ingredient with its uncertainty, cost, and whether anything was learnt."""
