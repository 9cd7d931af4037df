"""From tables to what people read: exhibits, charts, figures, pages, the comparison of two logs."""
