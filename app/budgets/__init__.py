"""What may still be asked of each platform, and whether it is asked at all."""
