"""Students and families without a key: claims, challenge answers, key requests, support tickets."""
