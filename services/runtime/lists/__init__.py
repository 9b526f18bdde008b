"""Lists of recipients and devices, as people have them."""
