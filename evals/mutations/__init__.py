"""False stories made of true ones, to test the checker: by rules of their own, which know nothing of the checker's."""
