"""What the desk knows: answers to what people ask (I2), and what an agent reads out in a call (A3, D1, D4, H8)."""
