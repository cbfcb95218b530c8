"""What Ringahead costs and how good it is; figures stand in docs with the commands that made them."""
