"""Pictures of the lessons: plain SVG that needs no script, read by hover, touch and screen reader alike."""
