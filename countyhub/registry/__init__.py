"""The county's registry: what belongs where since when, who owns what, from files that a county makes in a spreadsheet.

`forms` says once which files there are. `folder` reads them, `check` finds every mistake, `difference` says what would
change, `stored` writes that in one transaction. `snapshot` answers questions, `live` keeps it up to date.

mistakes → `mistakes`, of cells `cellmistakes`, rows `rowmistakes`, files `filemistakes`, outlines `outlinemistakes`
CSV and workbooks → `sheets`, `workbook`; a cell's value → `cells`; outlines on the map → `geojson`, `geometry`
what belonged to what when → `lineage`, `within`; who works where → `staffing`; an import before it happens → `plan`
"""
