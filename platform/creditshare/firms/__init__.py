"""Who a record speaks of: identifiers, and the firms they lead to. Facts about a firm live above."""
