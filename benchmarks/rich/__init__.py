"""How well richer perception and conversation work: postures, hands, hair, relations, order and speed."""
