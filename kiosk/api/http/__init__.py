"""How a listener takes and answers: the gate, streams, problems, bodies and parameters, pages."""
