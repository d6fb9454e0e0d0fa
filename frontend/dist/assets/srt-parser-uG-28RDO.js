<<<<<<<< HEAD:frontend/dist/assets/srt-parser-DiJUitd0.js
import{a as e,o as t,s as n}from"./prod-DS_xFAdw.js";var r=/,/g,i=`-->`,a=class extends n{parse(n,r){if(n===``)this.c&&=(this.l.push(this.c),this.h.onCue?.(this.c),null),this.e=e.None;else if(this.e===e.Cue)this.c.text+=(this.c.text?`
========
import{a as e,o as t,s as n}from"./prod-BMYkgPTy.js";var r=/,/g,i=`-->`,a=class extends n{parse(n,r){if(n===``)this.c&&=(this.l.push(this.c),this.h.onCue?.(this.c),null),this.e=e.None;else if(this.e===e.Cue)this.c.text+=(this.c.text?`
>>>>>>>> 187a4db (page: show announcements, notifications and chat):frontend/dist/assets/srt-parser-uG-28RDO.js
`:``)+n;else if(n.includes(i)){let i=this.q(n,r);i&&(this.c=new t(i[0],i[1],i[2].join(` `)),this.c.id=this.n,this.e=e.Cue)}this.n=n}q(e,t){return super.q(e.replace(r,`.`),t)}};function o(){return new a}export{o as default};