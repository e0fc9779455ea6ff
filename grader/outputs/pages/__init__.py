"""Pages that people read: feedback, the staff page and the required report, as HTML and PDF.

GradeSheet ─► viewmodel ─► render (Jinja) ─► HTML ─► pdf (WeasyPrint)
              └ figures, pictures, plots: exhibits to SVG and PNG
              └ markup, maths: other people's text to HTML that can do nothing
notebook, expected outputs ─► sources ─► refreport ─► HTML of report.pdf
"""
