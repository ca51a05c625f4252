"""The guard, as parents, pupils, strangers and botnets meet it."""
