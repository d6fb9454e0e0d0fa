<<<<<<<< HEAD:frontend/dist/assets/prod-CMSXkKau.js
export{t as CaptionsRenderer,n as ParseError,r as ParseErrorCode,i as TextCue,o as VTTCue,c as VTTRegion,l as createVTTCueTemplate,u as parseByteStream,d as parseResponse,f as parseText,p as parseTextStream,m as parseVTTTimestamp,h as renderVTTCueString,g as renderVTTTokensString,_ as tokenizeVTTCue,v as updateTimedVTTCueNodes}from"./prod-DS_xFAdw.js";
========
export{t as CaptionsRenderer,n as ParseError,r as ParseErrorCode,i as TextCue,o as VTTCue,c as VTTRegion,l as createVTTCueTemplate,u as parseByteStream,d as parseResponse,f as parseText,p as parseTextStream,m as parseVTTTimestamp,h as renderVTTCueString,g as renderVTTTokensString,_ as tokenizeVTTCue,v as updateTimedVTTCueNodes}from"./prod-BMYkgPTy.js";
>>>>>>>> 187a4db (page: show announcements, notifications and chat):frontend/dist/assets/prod-CfplqrjT.js
