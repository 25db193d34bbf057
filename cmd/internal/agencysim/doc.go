// Package agencysim is the agencies.
package agencysim
