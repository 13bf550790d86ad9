# The headers' comments as Doxygen reads them: `// text` above what it tells of, `// text` behind it.
s@^( *)//( |$)@\1///\2@
t documented
s@([;,{}] +)// @\1///< @
t documented
b
:documented
# Neither markup nor commands are meant.
s@<([a-z0-9_/]+)>@\\<\1\\>@g
s/@/\\@/g
