"""Reports: what there is to ask for, and each as a table, an XLSX or a PDF."""
