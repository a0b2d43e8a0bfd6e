"""How a number is treated (nuisance, D1; press, D4), and what is known of its earlier calls."""
