"""A minimal OData 4.0: tables for Excel and Power BI."""
