"""What users say: answers to surveys become events, and scores are read from them."""
