"""Short texts (SMS) to households, over the gateway of the site file."""
