"""The plugin's pages: ``artworks`` for the artist, ``queue`` for the moderator."""
