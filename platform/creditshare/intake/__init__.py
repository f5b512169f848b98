"""How records come in: submissions, formats, validation, versions, loading, rejects."""
