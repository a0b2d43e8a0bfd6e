"""Messages that leave the house, whatever they are about: each over one channel to one address, tried until it is taken."""
