package xsd

import (
	"fmt"
	"slices"

	"sluice/contracts/xsd/scan"
)

// choosePrefixes gives each namespace the prefix that the contract itself uses, made unique.
func choosePrefixes(spaces *scan.Spaces, docs []*document) []string {
	prefixes := make([]string, spaces.Len())
	taken := map[string]bool{"": true, "xmlns": true, "tns": true, "soap": true, "env": true, "xs": true, "xsd": true, "wsdl": true, "wsu": true}
	prefixes[scan.SpaceXML], prefixes[scan.SpaceXSI] = "xml", "xsi"
	taken["xml"], taken["xsi"] = true, true
	if n, ok := spaces.Number(XSDURI); ok {
		prefixes[n] = "xs"
	}
	for _, d := range docs {
		for el := d.root; el != nil; el = el.Parent() {
			for i := range el.Attr {
				a := &el.Attr[i]
				if a.Space != "xmlns" || taken[a.Key] || len(a.Key) > 20 {
					continue
				}
				if n, ok := spaces.Number(a.Value); ok && n != scan.NoSpace && prefixes[n] == "" {
					prefixes[n], taken[a.Key] = a.Key, true
				}
			}
		}
	}
	return morePrefixes(prefixes, spaces.Len())
}

// morePrefixes makes up a prefix for each of n namespaces that has none.
func morePrefixes(prefixes []string, n int) []string {
	prefixes = append(prefixes, make([]string, n-len(prefixes))...)
	for i := range prefixes {
		for k := i; prefixes[i] == "" && i != scan.NoSpace; k++ {
			if p := fmt.Sprintf("n%d", k); !slices.Contains(prefixes, p) {
				prefixes[i] = p
			}
		}
	}
	return prefixes
}
