"""Other systems are told what happens at the desk: signed, tried again for a day, and never anywhere inside by accident."""
